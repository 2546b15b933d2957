"""``python -m aerostack_cli``."""

from aerostack_cli.main import main

if __name__ == "__main__":
    main()

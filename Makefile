# A thin alias; everything lives in run.py.
serve test check bench mutate:
	python3 run.py $@

lock:
	uv pip compile -q --generate-hashes --python-version 3.11.2 requirements.in -o requirements.txt
	uv pip compile -q --generate-hashes --python-version 3.11.2 requirements-dev.in -o requirements-dev.txt
	uv pip compile -q --generate-hashes --python-version 3.11.2 requirements-mutate.in -o requirements-mutate.txt

.PHONY: serve test check bench mutate lock

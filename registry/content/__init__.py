"""Make safe HTML of untrusted text, in the sandbox worker."""

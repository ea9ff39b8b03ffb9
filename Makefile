# The same on a bare machine and at home: Python 3.11 and make are all it needs.
.PHONY: demo test check docs readme lock benchmarks setup clean

demo: setup
	.venv/bin/lcot compare llama-3.3-70b --input 1000 --output 500 --speed 50 --rate 20

test: setup
	scripts/system-packages
	scripts/check
	scripts/test
	scripts/docs

setup:
	@scripts/setup

check: setup
	scripts/check

docs: setup
	scripts/docs

readme: setup
	.venv/bin/python scripts/readme.py

benchmarks: setup
	@for file in benchmarks/bench_*.py; do .venv/bin/python $$file || exit 1; done

lock:
	scripts/lock

clean:
	rm -rf .venv build dist docs/_build docs/gallery

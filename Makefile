# The commands of Watchfloor. Each prepares what it needs; a second run skips what is there.
.PHONY: run demo test lint bench lock

run:
	@scripts/bootstrap.sh
	@exec .venv/bin/python manage.py up

demo:
	@scripts/bootstrap.sh
	@.venv/bin/python manage.py migrate --verbosity 0
	@.venv/bin/python manage.py seed_reference
	@.venv/bin/python manage.py seed_modules
	@.venv/bin/python manage.py load_demo
	@exec .venv/bin/python manage.py enrich_demo

test:
	@scripts/bootstrap.sh dev
	@exec scripts/test.sh

lint:
	@scripts/bootstrap.sh dev
	@exec scripts/lint.sh

bench:
	@scripts/bootstrap.sh dev
	@exec .venv/bin/python -m bench.run

# Resolves requirements again; commit the result.
lock:
	@scripts/bootstrap.sh dev
	.venv/bin/uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate requirements.txt -o requirements.lock
	.venv/bin/uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate -c requirements.lock requirements-dev.txt -o requirements-dev.lock

# Thin on purpose: the work is in scripts/. Everything that is made goes into build/.
.PHONY: up build test bench format clean

UP_FLAGS ?=

up: build
	build/podpass up $(UP_FLAGS)

build:
	scripts/setup build
	scripts/build

test:
	scripts/test

bench:
	scripts/bench

format:
	scripts/format

clean:
	rm -rf build

"""Benchmarks: how fast the doors are beside a bare floor program and plain REST framework."""

"""Machines to discover, one builder a family: what the property tests of drivers change at random."""

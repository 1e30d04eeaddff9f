"""Pictures of a machine: a tree for the terminal, a matrix, an SVG. Everything here returns text."""

from __future__ import annotations

"""Inputs for the allocator: clusters, hard cases on one node, partitions, and fills, pod after pod."""

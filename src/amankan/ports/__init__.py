"""
The promises that adapters keep, one Protocol per file; each verb says whether it may be repeated and what a failure
leaves.
"""

"""Files that nobody vouches for: good ones, what mutations make of them, and bombs by hand.

Nothing of it is in the repository but what makes it. ``TINTYPE_CORPUS_SEED`` makes other files.
"""

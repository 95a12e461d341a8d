"""Train a small colorization network on a folder of photographs (extra ``train``)."""

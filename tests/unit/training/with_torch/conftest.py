import torch

# Two thread pools on few cores spend their time waiting for each other.
torch.set_num_threads(1)

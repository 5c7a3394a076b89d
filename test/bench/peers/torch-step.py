"""What a training step takes in torch: processor time on one thread, and the most memory of the process beyond what loading torch takes.

usage: python3 torch-step.py NETWORK SIDE BATCH     a network of torchvision, as mobilenet_v2 224 8

Forward pass, mean square error of the outputs, backward pass, Adam; batch normalisation as scale and shift, as Edgewise trains it.
"""
import resource
import sys
import time

import torch
import torchvision

network, side, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
torch.manual_seed(0)


def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


before = resident()
model = getattr(torchvision.models, network)(weights=None).eval()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
inputs = torch.randn(batch, 3, side, side)
targets = torch.randn(batch, 1000)


def step():
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(inputs), targets).backward()
    optimizer.step()


for _ in range(3):
    step()
times = []
for _ in range(10):
    started = time.process_time()
    step()
    times.append(time.process_time() - started)
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{network}, batch {batch}: least {1e3 * min(times):.0f} ms, median {1e3 * sorted(times)[5]:.0f} ms, {most - before:.0f} MB more memory")

"""Muon: gradient descent with momentum whose step for a matrix is the nearest orthogonal matrix, so that all of its
directions are learned equally fast. After Jordan and others, "Muon" (2024); the size of a step as in Liu and others,
"Muon is scalable for LLM training" (2025): that of Adam's at the same rate.
"""

import torch


def orthogonal(g):
    """The matrices (n, rows, columns) with their singular values moved near 1, by five steps of Newton and Schulz."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / (g.norm(dim=(1, 2), keepdim=True) + 1e-7)
    if x.shape[1] > x.shape[2]:
        return orthogonal(g.mT).mT
    for _ in range(5):
        s = x @ x.mT
        x = a * x + (b * s + c * s @ s) @ x
    return x


class Muon:
    """For weights (taps, inputs, outputs), each taken as one matrix (taps · inputs, outputs)."""

    def __init__(self, weights, momentum=0.95):
        self.groups, self.keep = {}, momentum
        for w in weights:
            self.groups.setdefault((w.shape[0] * w.shape[1], w.shape[2]), []).append(w)
        self.momentum = {shape: torch.zeros(len(group), *shape) for shape, group in self.groups.items()}

    @torch.no_grad()
    def step(self, rate):
        for shape, group in self.groups.items():
            g = torch.stack([w.grad.flatten(0, 1) for w in group])
            m = self.momentum[shape].lerp_(g, 1 - self.keep)
            u = orthogonal(g.lerp(m, self.keep)) * 0.2 * max(shape) ** 0.5
            for w, step in zip(group, u):
                w.add_(step.view(w.shape), alpha=-rate)

    def state_dict(self):
        return self.momentum

    def load_state_dict(self, state):
        for shape, m in state.items():
            self.momentum[shape].copy_(m)

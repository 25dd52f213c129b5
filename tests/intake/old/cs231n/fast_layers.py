# ruff: noqa
from __future__ import print_function
import numpy as np

try:
    from cs231n.im2col_cython import col2im_cython, im2col_cython
except ImportError:
    print("build the extension first")


def conv_forward_im2col(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    out_h, out_w = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    cols = im2col_cython(x, HH, WW, pad, stride)
    res = w.reshape(F, -1).dot(cols) + b.reshape(-1, 1)
    return res.reshape(F, out_h, out_w, N).transpose(3, 0, 1, 2), (x, w, b, conv_param, cols)


def conv_backward_im2col(dout, cache):
    x, w, b, conv_param, cols = cache
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    d = dout.transpose(1, 2, 3, 0).reshape(F, -1)
    dcols = w.reshape(F, -1).T.dot(d)
    dx = col2im_cython(dcols, N, C, H, W, HH, WW, conv_param["pad"], conv_param["stride"])
    return dx, d.dot(cols.T).reshape(w.shape), dout.sum(axis=(0, 2, 3))


def max_pool_forward_tiles(x, pool_param):
    h, w = pool_param["pool_height"], pool_param["pool_width"]
    N, C, H, W = x.shape
    tiles = x.reshape(N, C, H // h, h, W // w, w)
    out = tiles.max(axis=(3, 5))
    return out, (tiles, out)


def max_pool_backward_tiles(dout, cache):
    tiles, out = cache
    mask = tiles == out[:, :, :, None, :, None]
    d = mask * dout[:, :, :, None, :, None] / mask.sum(axis=(3, 5), keepdims=True)
    N, C, h, a, w, b = tiles.shape
    return d.reshape(N, C, h * a, w * b)

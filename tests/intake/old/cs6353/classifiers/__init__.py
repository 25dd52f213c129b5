# ruff: noqa
from cs6353.classifiers.k_nearest_neighbor import *
from cs6353.classifiers.fc_net import *

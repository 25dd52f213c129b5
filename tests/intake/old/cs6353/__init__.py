# ruff: noqa
from cs6353 import plotting_helpers_nobody_has
import some_course_tool

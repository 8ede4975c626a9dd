#!/usr/bin/env python3
"""Writes fixtures/mathematics/reference.csv: function, arguments and true value of the functions in
Sources/Simulation/Mathematics, to 40 digits by mpmath (pip install mpmath).

A value is the sum of two doubles, so that an error of a hundredth of an ulp can be seen.

    python3 Tools/mathematics-reference.py > fixtures/mathematics/reference.csv
"""
import random

from mpmath import cos, exp, ln, loggamma, mp, mpf, power, sin

mp.prec = 200
dice = random.Random(20_260)


def arguments():
    for _ in range(400):
        yield "exp", dice.uniform(-745, 709.7), None
        yield "exp", dice.uniform(-1, 1), None
        yield "log", dice.uniform(0.5, 2), None
        yield "log", 2 ** dice.uniform(-1074, 1023.9), None
        yield "log", 1 + dice.uniform(-1e-3, 1e-3), None
        yield "pow", 2 ** dice.uniform(-20, 20), dice.uniform(-35, 35)
        yield "pow", dice.uniform(0, 2), dice.uniform(-3, 3)
        yield "pow", 1 + dice.uniform(-1e-6, 1e-6), dice.uniform(-1e8, 1e8)
        yield "sin", dice.uniform(-7, 7), None
        yield "cos", dice.uniform(-7, 7), None
        yield "sin", dice.uniform(-1.6e6, 1.6e6), None
        yield "cos", dice.uniform(-1.6e6, 1.6e6), None
        yield "logGamma", dice.uniform(0, 12), None
        yield "logGamma", 2 ** dice.uniform(-40, 40), None
    for x in (1.0, 2.0, 10.0, 0.5, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308):
        yield "log", x, None
        yield "logGamma", min(x, 1e300), None
    for x in (0.0, 1.0, -1.0, 709.782712893384, -745.1332191019411, -708.3964185322641, 5e-324):
        yield "exp", x, None
    # Multiples of a quarter turn, where the reduction cancels most.
    for k in list(range(1, 9)) + [1_000_000 + i for i in range(8)]:
        yield "sin", float(mpf(k) * mp.pi / 2), None
        yield "cos", float(mpf(k) * mp.pi / 2), None


functions = {"exp": exp, "log": ln, "pow": power, "sin": sin, "cos": cos, "logGamma": loggamma}
print("function,x,y,high,low")
for name, x, y in arguments():
    value = functions[name](mpf(x)) if y is None else functions[name](mpf(x), mpf(y))
    high = float(value)
    print(name, x.hex(), "" if y is None else y.hex(), high.hex(), float(value - mpf(high)).hex(), sep=",")

"""The hold loop on SimPy: PENDING processes that time out again and again. Prints events a second.

Usage: hold.py PENDING EVENTS
"""
import random
import sys
import time

import simpy

pending, events = int(sys.argv[1]), int(sys.argv[2])
dice = random.Random(1)
environment = simpy.Environment()


def holder():
    while True:
        yield environment.timeout(dice.random())


for _ in range(pending):
    environment.process(holder())
for _ in range(pending):
    environment.step()
start = time.process_time()
for _ in range(events):
    environment.step()
print(f"{events / (time.process_time() - start):.0f}")

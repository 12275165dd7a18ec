"""How a process with many threads shares few cores: nobody takes more than one, and nobody waits long for another."""

from __future__ import annotations

import gc
import sys

import cv2
from threadpoolctl import threadpool_limits

TURN_S = 0.0005
"""How long a thread may go on in Python while another waits. A search gives way and asks for its turn five times: it
must not stand behind five of Python's usual turns of 5 ms while the register is read or the console answers."""


def one_thread_a_task() -> None:
    """Keep numpy's BLAS and OpenCV to the thread that calls them, and Python's turns short, for the whole process.

    A search is bound by the memory and not by the processor, and each lane and each camera has a thread of its own. On
    two busy cores 10,000 templates took a median of 0.14 ms with one thread and 7.9 ms with two.
    """
    threadpool_limits(limits=1, user_api="blas")
    cv2.setNumThreads(1)
    sys.setswitchinterval(TURN_S)


def settle() -> None:
    """Leave what is there by now out of every later search for garbage, which holds up all threads.

    Once everything is loaded such a search takes 60 ms, nearly all of it for what lasts as long as the process.
    """
    gc.collect()
    gc.freeze()

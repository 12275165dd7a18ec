import time
import numpy as np
from gate.camera.source import open_source
from gate.config import CameraPart
def test_x(rtsp_server):
    s=rtsp_server(video="color=gray:size=320x240:rate=15")
    src=open_source(CameraPart(id="g",url=s.url,stall_after_s=3))
    last=None
    t=time.monotonic()
    for i in range(40):
        p=src.read()
        print(i, round(time.monotonic()-t,2), None if last is None else np.abs(p.astype(int)-last).max())
        last=p.astype(int)
    src.close()

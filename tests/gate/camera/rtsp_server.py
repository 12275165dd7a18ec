"""An RTSP server for one camera, run by the system's Python, which has GStreamer's bindings.

It takes MPEG-TS over UDP on loopback and serves it as `/gate` over TCP. It prints its port when it is ready.
"""

import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

LAUNCH = (
    "( udpsrc address=127.0.0.1 port={feed} caps=video/mpegts,systemstream=true,packetsize=188"
    " ! tsdemux latency=0 ! h{codec}parse ! rtph{codec}pay name=pay0 pt=96 config-interval=-1 )"
)


def _guard(server, factory, username, password):
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(username, password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("access", "construct"):
        permissions.add_permission_for_role("viewer", f"media.factory.{right}", allowed=True)
    factory.set_permissions(permissions)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--codec", choices=("264", "265"), required=True)
    parser.add_argument("--feed", type=int, required=True, help="UDP port that the MPEG-TS arrives at")
    parser.add_argument("--port", default="0", help="0 takes any free one")
    parser.add_argument("--username")
    parser.add_argument("--password")
    asked = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(asked.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(LAUNCH.format(feed=asked.feed, codec=asked.codec))
    factory.set_shared(True)
    if asked.username:
        _guard(server, factory, asked.username, asked.password)
    server.get_mount_points().add_factory("/gate", factory)
    if not server.attach(None):
        raise SystemExit(f"port {asked.port} is taken")
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()

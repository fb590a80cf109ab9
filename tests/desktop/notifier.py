"""Stands in for the desktop's notification service: prints a line of JSON for each notice that it is asked to show.

Needs a session bus and PyGObject. Prints `ready` once it owns the name.
"""

import json
import sys

try:
    from gi.repository import Gio, GLib
except ImportError:
    sys.exit(3)

INTERFACE = """
<node><interface name='org.freedesktop.Notifications'>
  <method name='GetCapabilities'><arg type='as' direction='out'/></method>
  <method name='GetServerInformation'><arg type='s' direction='out'/><arg type='s' direction='out'/><arg type='s' direction='out'/><arg type='s' direction='out'/></method>
  <method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/><arg type='a{sv}' direction='in'/><arg type='i' direction='in'/><arg type='u' direction='out'/></method>
  <method name='CloseNotification'><arg type='u' direction='in'/></method>
</interface></node>
"""
shown = 0


def say(text):
    print(text, flush=True)


def on_call(connection, sender, path, interface, method, parameters, invocation):
    global shown
    if method == "GetCapabilities":
        invocation.return_value(GLib.Variant("(as)", (["body", "actions"],)))
    elif method == "GetServerInformation":
        invocation.return_value(GLib.Variant("(ssss)", ("stand-in", "watchwall", "1", "1.2")))
    elif method == "Notify":
        _, _, _, title, text, *_ = parameters.unpack()
        shown += 1
        say(json.dumps({"title": title, "text": text}))
        invocation.return_value(GLib.Variant("(u)", (shown,)))
    else:
        invocation.return_value(None)


def on_bus(connection, name):
    interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
    connection.register_object("/org/freedesktop/Notifications", interface, on_call, None, None)


Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.Notifications", Gio.BusNameOwnerFlags.NONE, on_bus, lambda *_: say("ready"), lambda *_: sys.exit(4))
GLib.MainLoop().run()

"""The kinds of object that are watched."""

from dataclasses import replace

from myapp_operator import names
from myapp_operator.kube import APPS

MYAPP = replace(APPS, whole=True)
CHILDREN = (names.DEPLOYMENT, names.SERVICE)

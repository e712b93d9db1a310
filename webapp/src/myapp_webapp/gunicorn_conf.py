"""How gunicorn serves the app in a container: `gunicorn --config python:myapp_webapp.gunicorn_conf`.

Read-only root file system, any user id, no home folder: nothing here may write outside /dev/shm.
"""

import os
from pathlib import Path

wsgi_app = "myapp_webapp:create_app()"

# Every interface: the pod's address is not known beforehand, and what may reach it is the cluster's decision.
bind = f"0.0.0.0:{os.environ.get('PORT', '5000')}"

# One process a pod: Kubernetes scales by pods. Threads keep a slow client from holding up the others.
# (WEB_CONCURRENCY, which gunicorn reads by itself, still sets the number of processes.)
worker_class = "gthread"
threads = 8

# The workers' heartbeat file: in memory, so that a slow disk never looks like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - not a temporary file of ours

# Its place would be the home folder, which a container's user does not have.
control_socket_disable = True

# SIGTERM: finish the requests under way. Below the operator's defaults: 30 s of grace less 5 s of preStop.
graceful_timeout = 20

accesslog = "-"

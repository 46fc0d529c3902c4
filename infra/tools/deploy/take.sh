#!/bin/sh
# Takes what Build laid out, from where it was downloaded ($RUNNER_TEMP/release), into the checkout: plain files of three folders
# and nothing else. For a preview it was made by code of the pull request, and what runs here next has the right to deploy.
set -eu
from=$RUNNER_TEMP/release
if [ -n "$(find "$from" ! -type f ! -type d | head -n 1)" ]; then
  echo "The build holds a link or a device: build it again, and look at who changed how it is built." >&2
  exit 1
fi
for folder in .aws-sam/build .local/zips .local/migrations; do
  rm -rf "$folder"
  mkdir -p "$(dirname "$folder")"
  cp -R "$from/$folder" "$folder"
done

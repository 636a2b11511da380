#!/usr/bin/env bash
# Run this after every change of an entity or a map of the store.
#   tools/model.sh add NAME   a migration for both databases, and the compiled models anew
#   tools/model.sh initial    before the first release only: one migration, Initial, of the model as it is
#   tools/model.sh compile    only the compiled models (they make a start some 0.3 s faster)
set -euo pipefail
cd "$(dirname "$0")/.."

project=src/Gatehouse.Store
ef() { dotnet ef "$@" -p "$project" -s "$project" --no-build; }

# Both databases take the same steps under the same ids; EF would stamp them with two different seconds.
add() {
  local name=$1 stamp=$2 file
  for db in Sqlite Postgres; do
    ef migrations add "$name" -c "${db}Db" -o "Migrations/$db"
    for file in "$project/Migrations/$db/"*_"$name".cs "$project/Migrations/$db/"*_"$name".Designer.cs; do
      sed -i "s/[0-9]\{14\}_$name/${stamp}_$name/" "$file"
      mv "$file" "$(sed "s/[0-9]\{14\}_$name/${stamp}_$name/" <<<"$file")"
    done
  done
}

compile() {
  for db in Sqlite Postgres; do
    ef dbcontext optimize -c "${db}Db" -o "Compiled/$db" -n "Gatehouse.Store.Compiled.$db"
  done
  # As .editorconfig has it: no byte order mark.
  find "$project/Compiled" "$project/Migrations" -name '*.cs' -exec sed -i '1s/^\xEF\xBB\xBF//' {} +
}

verb=${1:-}
case $verb in
  add) [ $# = 2 ] || { echo "usage: $0 add NAME" >&2; exit 2; } ;;
  initial) rm -rf "$project/Migrations" ;;
  compile) ;;
  *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
esac

rm -rf "$project/Compiled" # an old one may not even build
dotnet tool restore
dotnet build "$project"
case $verb in
  add) add "$2" "$(date -u +%Y%m%d%H%M%S)" ;;
  initial) add Initial 20260101000000 ;;
esac
compile

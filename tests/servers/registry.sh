#!/usr/bin/env bash
# A real schema registry (Apicurio, which speaks Confluent's interface) for tests: loopback only, everything in memory.
#
#   registry.sh java                        says which JDK 21+ it would use; exit status 3 if there is none
#   registry.sh install                     Apicurio from Maven Central into apicurio/ (about 160 MB)
#   registry.sh run PORT MANAGEMENT         becomes the server; the interface is under /apis/ccompat/v7
#
# JAVA21 names a java to use; else JAVA_HOME's, the one in PATH, and the JDKs installed beside it are looked at.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
app=$here/apicurio
version=3.3.3

say() { echo "$*" >&2; }

new_enough() {
    [ -x "$1" ] || return 1
    local major
    major=$("$1" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 21 ]
}

find_java() {
    local found beside=""
    found=$(command -v java || true)
    [ -z "$found" ] || beside=$(dirname "$(dirname "$(dirname "$(readlink -f "$found")")")")
    local candidate
    for candidate in "${JAVA21:-}" "${JAVA_HOME:-}/bin/java" "$found" "$beside"/*/bin/java /usr/lib/jvm/*/bin/java; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    say "needs JDK 21"
    exit 3
}

install() {
    mkdir -p "$app"
    # One at a time: two test runs may want the package at once.
    exec 9>"$app/.lock"
    flock 9
    [ ! -e "$app/$version" ] || return 0
    if ! command -v mvn >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -q && apt-get install -q -y --no-install-recommends maven; } >/dev/null 2>&1 || true
    fi
    command -v mvn >/dev/null || { say "mvn is missing and could not be installed: install maven and try again"; exit 1; }
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dmdep.useBaseVersion=true \
        -Dartifact=io.apicurio:apicurio-registry-app:$version:tar.gz:all -DoutputDirectory="$app" >"$app/install.log" 2>&1 ||
        { say "maven could not fetch apicurio: see tests/servers/apicurio/install.log"; exit 1; }
    local package=$app/apicurio-registry-app-$version-all.tar.gz
    mkdir -p "$app/unpacked"
    tar xzf "$package" -C "$app/unpacked" || { say "apicurio's package is damaged: remove $package and try again"; exit 1; }
    rm "$package"
    mv "$app/unpacked" "$app/$version"
}

run() {
    local java
    java=$(find_java)
    exec "$java" -Xmx512m \
        -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$1" \
        -Dquarkus.management.host=127.0.0.1 -Dquarkus.management.port="$2" \
        -Dapicurio.storage.kind=sql -Dapicurio.storage.sql.kind=h2 -Dapicurio.ccompat.legacy-id-mode.enabled=false \
        -jar "$app/$version/quarkus-run.jar"
}

case ${1:-} in
java) find_java ;;
install) install ;;
run) run "$2" "$3" ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac

#!/usr/bin/env bash
# Makes neo4j-VERSION.lock, the jars of one Neo4j release with their sizes and checksums. Needs Maven; nobody else does.
# usage: stategate/servers/make_lock.sh VERSION
set -euo pipefail
version=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dependency() { echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"; }
{
  echo '<project><modelVersion>4.0.0</modelVersion><groupId>lock</groupId><artifactId>lock</artifactId><version>1</version><dependencies>'
  dependency org.neo4j neo4j "$version"
  dependency org.neo4j.app neo4j-server "$version"
  dependency org.neo4j neo4j-slf4j-provider "$version"
  dependency org.neo4j.client neo4j-browser 5.24.0
  echo '</dependencies></project>'
} > "$work/pom.xml"
mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -Dmdep.useRepositoryLayout=true -DoutputDirectory="$work/jars"
cd "$work/jars"
find . -name '*.jar' | LC_ALL=C sort | sed 's|^\./||' | while read -r jar; do
  echo "$jar $(wc -c < "$jar" | tr -d ' ') $(sha256sum "$jar" | cut -d' ' -f1)"
done > "$here/neo4j-$version.lock"
wc -l "$here/neo4j-$version.lock"

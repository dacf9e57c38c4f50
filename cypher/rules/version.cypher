// The text of one published version. $key.
MATCH (version:RuleVersion {key: $key})
RETURN version.yaml AS yaml

#!/bin/sh
# cod-runtime: an OCI runtime that puts devices into containers and leaves all else to a real runtime.
# Made by `cod runtime install`. Paths stand here, since engines pass few variables on or none.
python=@PYTHON@
library=@LIBRARY@
config=${COD_RUNTIME_CONFIG:-@SETTINGS@}
PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}

fail() {
    echo "cod-runtime: $1" >&2
    exit 1
}

is_real() {
    real=$1
    [ -f "$1" ] && [ -x "$1" ] && ! [ "$1" -ef "$0" ]
}

# The first of the real runtimes that is there and is not this program.
find_real() {
    names=' runc crun '
    if [ -r "$config" ]; then
        while IFS= read -r line || [ -n "$line" ]; do
            case $line in
                \[*) break ;;
                runtimes[\ \	=]*\[*\]*)
                    names=${line#*\[}
                    names=${names%%\]*}
                    break
                    ;;
            esac
        done < "$config"
    fi
    set -f
    spaces=" 	,\"'"
    IFS=$spaces
    for name in $names; do
        IFS=:
        case $name in
            /*) if is_real "$name"; then return; fi ;;
            *) for each in $PATH; do if is_real "$each/$name"; then return; fi; done ;;
        esac
        IFS=$spaces
    done
    fail "none of the real runtimes is there: $names (runtimes in $config)"
}

# The verb is the first word that is no option and no option's value. Of an option that is not known here, a value
# that follows is told from a verb by not being one.
find_verb() {
    unknown=
    skip=
    for word; do
        if [ "$skip" ]; then
            skip=
            continue
        fi
        case $word in
            --root | --log | --log-format | --criu | --rootless | --cgroup-manager | \
                -root | -log | -log-format | -criu | -rootless | -cgroup-manager) skip=1 ;;
            -- | -*=*) unknown= ;;
            -*) unknown=1 ;;
            create | run | restore | cod-precreate | cod-hook) verb=$word; return ;;
            checkpoint | delete | events | exec | features | help | kill | list | pause | ps | resume | spec | \
                start | state | update) return ;;
            *) if ! [ "$unknown" ]; then return; fi; unknown= ;;
        esac
    done
}

verb=
find_verb "$@"
real=
case $verb in cod-*) ;; *) find_real ;; esac
[ "$verb" ] || exec "$real" "$@"
[ -x "$python" ] || fail "$python is gone, or not for this user: install COD for all users, then cod runtime install"
exec "$python" -ISE -c 'import sys; sys.path.append(sys.argv[1]); from cod.oci.main import main; main(sys.argv[2:])' \
    "$library" "$config" "$real" "$@"

# bash completion for @PROGRAM@. Written by the build from the program's own tables.

@FUNCTION@_table() { # WORDS: sets REPLY to what may follow them; fails if that is nothing at all
    case $1 in
@TABLE@
    *) return 1 ;;
    esac
}

@FUNCTION@_values() { # VALUE ITEM...: those of the items, files for <path>, that begin so
    local value=$1 item file
    shift
    for item; do
        case $item in
        '<path>')
            while IFS= read -r file; do
                [[ -d $file ]] && file+=/
                COMPREPLY+=("$before$file")
            done < <(compgen -f -- "$value")
            ;;
        *) [[ $item == "$value"* ]] && COMPREPLY+=("$before$item") ;;
        esac
    done
}

@FUNCTION@_keys() { # VALUE ITEM...: of a list of keys the last one
    local last=${1##*,} given=,${1%"${1##*,}"} item
    before+=${1%"$last"}
    shift
    for item; do
        if [[ $item != *=* ]]; then
            [[ $last != *=* ]] && @FUNCTION@_values "$last" "$item"
        elif [[ $last == *=* ]]; then
            if [[ ${last%%=*} == "${item%%=*}" ]]; then
                before+=${last%%=*}=
                local -a choices
                IFS='|' read -ra choices <<<"${item#*=}"
                @FUNCTION@_values "${last#*=}" "${choices[@]}"
                return
            fi
        elif [[ $given != *",${item%%=*}="* && $item == "$last"* ]]; then
            COMPREPLY+=("$before${item%%=*}=")
        fi
    done
}

@FUNCTION@() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} context=@PROGRAM@ option= before= REPLY word value typed at
    local -a words items
    read -ra words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=('')
    typed=${words[${#words[@]} - 1]}
    COMPREPLY=()
    for ((at = 1; at < ${#words[@]} - 1; at++)); do
        word=${words[at]}
        if [[ $word == -* ]]; then
            option=
            [[ $word != *=* ]] && @FUNCTION@_table "$context $word" && option=$word
        elif [[ $option ]]; then
            @FUNCTION@_table "$context $option"
            [[ " $REPLY " == *' ... '* ]] || option=
        elif @FUNCTION@_table "$context $word"; then
            context+=" $word"
        fi
    done
    value=$typed
    if [[ $typed == --*=* ]]; then
        option=${typed%%=*}
        before=$option=
        value=${typed#*=}
    elif [[ $typed == -* ]]; then
        option=
    fi
    @FUNCTION@_table "$context${option:+ $option}" || return 0
    read -ra items <<<"${REPLY#...}"
    if [[ ${items[*]} == *=* && $typed != -[^=]* || $before && ${items[*]} == *=* ]]; then
        @FUNCTION@_keys "$value" "${items[@]}"
    else
        @FUNCTION@_values "$value" "${items[@]}"
    fi
    [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *[=/,] || $value == *,* ]] && compopt -o nospace 2>/dev/null
    # readline replaces what stands behind the last sign at which it breaks words
    if [[ $COMP_WORDBREAKS == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${typed%"${typed##*[=:]}"}"}")
    fi
}

complete -F @FUNCTION@ @PROGRAM@

#compdef @PROGRAM@
# zsh completion for @PROGRAM@. Written by the build from the program's own tables.

@FUNCTION@_table() { # WORDS: sets REPLY to what may follow them; fails if that is nothing at all
    case $1 in
@TABLE@
    *) return 1 ;;
    esac
}

@FUNCTION@_values() { # ITEM...: words, files for <path>
    local item
    for item; do
        if [[ $item == '<path>' ]]; then
            _files
        else
            compadd -- $item
        fi
    done
}

@FUNCTION@_keys() { # ITEM...: of a list of keys the last one
    local given=,$PREFIX item
    compset -P '*,'
    for item; do
        if [[ $item != *=* ]]; then
            [[ $PREFIX != *=* ]] && @FUNCTION@_values $item
        elif [[ $PREFIX == *=* ]]; then
            if [[ ${PREFIX%%=*} == ${item%%=*} ]]; then
                compset -P "${item%%=*}="
                @FUNCTION@_values ${(s:|:)${item#*=}}
                return
            fi
        elif [[ $given != *",${item%%=*}="* ]]; then
            compadd -S '' -- "${item%%=*}="
        fi
    done
}

@FUNCTION@() {
    local context=@PROGRAM@ option= REPLY word
    local -a items
    integer at
    for ((at = 2; at < CURRENT; at++)); do
        word=$words[at]
        if [[ $word == -* ]]; then
            option=
            [[ $word != *=* ]] && @FUNCTION@_table "$context $word" && option=$word
        elif [[ -n $option ]]; then
            @FUNCTION@_table "$context $option"
            [[ " $REPLY " == *' ... '* ]] || option=
        elif @FUNCTION@_table "$context $word"; then
            context+=" $word"
        fi
    done
    if [[ $PREFIX == --*=* ]]; then
        option=${PREFIX%%=*}
        compset -P "$option="
    elif [[ $PREFIX == -* ]]; then
        option=
    fi
    @FUNCTION@_table "$context${option:+ $option}" || return 1
    items=(${=REPLY#...})
    if [[ "$items" == *=* && $PREFIX != -* ]]; then
        @FUNCTION@_keys $items
    else
        @FUNCTION@_values $items
    fi
}

@FUNCTION@ "$@"

namespace Overlay.CommandLine;

/// <summary>
/// Scripts by which shells complete a command line: each asks the program itself, by the directive <c>[suggest]</c> of
/// System.CommandLine.
/// </summary>
public static class ShellCompletion
{
    /// <summary>The shells that there is a script for.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>The script for that shell.</summary>
    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="program">The program's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">The shell is another one.</exception>
    public static string For(string shell, string program) => shell switch
    {
        "bash" => $$"""
            # bash completion for {{program}}
            _{{program}}() {
              local word="${COMP_WORDS[COMP_CWORD]}" found
              found="$({{program}} "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" || return 0
              mapfile -t COMPREPLY < <(compgen -W "$found" -- "$word")
            }
            complete -o default -F _{{program}} {{program}}

            """,
        "zsh" => $$"""
            #compdef {{program}}
            _{{program}}() {
              local -a found
              found=("${(@f)$({{program}} "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
              compadd -- "${found[@]}"
            }
            if [[ "${funcstack[1]}" == "_{{program}}" ]]; then _{{program}} "$@"; else compdef _{{program}} {{program}}; fi

            """,
        "fish" => $$"""
            # fish completion for {{program}}
            function __{{program}}_complete
              set -l line (commandline -cp)
              {{program}} "[suggest:"(string length -- $line)"]" "$line" 2>/dev/null
            end
            complete -c {{program}} -f -a '(__{{program}}_complete)'

            """,
        _ => throw new ArgumentOutOfRangeException(
            nameof(shell), shell, $"is none of {string.Join(", ", Shells)}"),
    };
}

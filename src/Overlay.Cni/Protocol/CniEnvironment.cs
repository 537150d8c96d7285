using Overlay.Pods.Names;

namespace Overlay.Cni.Protocol;

/// <summary>What the runtime asks, from the CNI_ variables.</summary>
internal sealed record CniEnvironment
{
    public required string Command { get; init; }

    public string ContainerId { get; init; } = "";

    /// <summary>
    /// Path of the pod's network namespace. Empty at DEL when it is gone, and for commands without a container.
    /// </summary>
    public string NetworkNamespacePath { get; init; } = "";

    public string InterfaceName { get; init; } = "";

    /// <summary>CNI_ARGS as given.</summary>
    public CniArguments Arguments { get; init; } = CniArguments.None;

    /// <summary>Directories with plugins.</summary>
    public IReadOnlyList<string> PluginDirectories { get; init; } = [];

    /// <param name="variable">Looks a variable up.</param>
    /// <exception cref="CniException">Code 4: names every variable that is missing or bad.</exception>
    public static CniEnvironment Read(Func<string, string?> variable)
    {
        string command = variable("CNI_COMMAND") ?? "";
        List<string> problems = [];
        bool attachment = command is "ADD" or "CHECK" or "DEL";
        if (command.Length == 0) problems.Add("CNI_COMMAND is missing");
        else if (!attachment && command is not ("STATUS" or "GC" or "VERSION"))
            problems.Add($"CNI_COMMAND '{command}' is none of ADD, DEL, CHECK, STATUS, GC, VERSION");

        string id = variable("CNI_CONTAINERID") ?? "";
        string path = variable("CNI_NETNS") ?? "";
        string name = variable("CNI_IFNAME") ?? "";
        if (attachment)
        {
            if (id.Length == 0) problems.Add("CNI_CONTAINERID is missing");
            else if (!CniName.IsIdentifier(id))
                problems.Add(
                    $"CNI_CONTAINERID '{id}' is not a letter or digit, then letters, digits, '_', '.' and '-'");
            if (path.Length == 0 && command != "DEL") problems.Add("CNI_NETNS is missing");
            if (name.Length == 0) problems.Add("CNI_IFNAME is missing");
            else if (!CniName.IsInterface(name))
                problems.Add(
                    $"CNI_IFNAME '{name}' is not the name of an interface such as eth0 (15 characters, no '/', ':' or "
                    + "space)");
        }

        CniArguments arguments = CniArguments.None;
        if (command == "ADD") arguments = CniArguments.Read(variable("CNI_ARGS") ?? "", problems);
        if (problems.Count > 0) throw new CniException(CniErrorCode.InvalidEnvironment, string.Join("; ", problems));
        return new()
        {
            Command = command,
            ContainerId = id,
            NetworkNamespacePath = path,
            InterfaceName = name,
            Arguments = arguments,
            PluginDirectories = (variable("CNI_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries),
        };
    }
}

using Overlay.Daemon.Options;
using Overlay.Host.Files;

namespace Overlay.Daemon.CniInstall;

/// <summary>The configurations that container runtimes find on this node, ours among them.</summary>
internal sealed class CniConfigurations(CniInstallOptions options)
{
    /// <summary>The path of our own, which may be missing.</summary>
    public string Own { get; } = Path.Combine(options.ConfigDirectory, CniConflist.FileName);

    /// <summary>
    /// The chain of our file, as it was installed; null where there is none, or somebody has changed it.
    /// </summary>
    public CniChain? Chain => NodeFile.TryRead(Own) is { } content ? CniConflist.ChainOf(content, options) : null;

    /// <summary>
    /// Under our file's name there is what somebody else has written or changed, and a runtime can go by it: other
    /// plugins add themselves so.
    /// </summary>
    public bool IsOthers => NodeFile.TryRead(Own) is { } content && CniConflist.TypesIn(content).Length > 0
        && CniConflist.ChainOf(content, options) is null;

    /// <summary>
    /// The files that call our plugin. A file with our name that does not parse may be in the middle of a change.
    /// </summary>
    public IReadOnlyList<string> Callers() =>
    [
        .. All().Where(path => path == Own
            || (NodeFile.TryRead(path) is { } content && CniConflist.CallsPlugin(content))),
    ];

    /// <summary>
    /// A configuration calls our plugin, or where none can be seen from here there are records of its pods.
    /// </summary>
    public bool IsCalled()
    {
        try
        {
            return Callers().Count > 0 || (Directory.Exists(options.StateDirectory)
                && Directory.EnumerateFiles(options.StateDirectory, "*.json").Any());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>All, in the order in which runtimes look at them.</summary>
    public IReadOnlyList<string> All() => !Directory.Exists(options.ConfigDirectory)
        ? []
        : [.. Directory.EnumerateFiles(options.ConfigDirectory)
            .Where(static path => Path.GetExtension(path) is ".conf" or ".conflist" or ".json")
            .Order(StringComparer.Ordinal)];

    /// <summary>The reasons why new pods are not ours, each with what to do.</summary>
    public IReadOnlyList<string> Warnings() => Look(reason => [reason], () =>
    [
        .. All().Where(static path => string.CompareOrdinal(Path.GetFileName(path), CniConflist.FileName) < 0)
            .Select(
                path =>
                    $"{path} sorts before {CniConflist.FileName}, so container runtimes make new pods by it "
                    + $"and not by overlay; {Advice(path)}"),
        .. NodeFile.TryRead(Own) is { } content && IsOthers && !CniConflist.CallsPlugin(content)
            ? [$"{Own} was changed by somebody else and does not call overlay, so new pods get nothing of it; to have "
                + $"it as it was installed: rm {Own}, then overlayd install-cni"]
            : Array.Empty<string>(),
    ]);

    /// <summary>The reasons why no new pod starts, each with what to do.</summary>
    /// <param name="versions">Asks the plugins.</param>
    public IReadOnlyList<string> Problems(CniPluginVersions versions) => Look(static _ => [], () =>
    {
        if (NodeFile.TryRead(Own) is not { } content) return [];
        List<string> problems = [];
        string mend = CniConflist.ChainOf(content, options) is null
            ? $"take it out of cniVersions in {Own}"
            : "overlayd install-cni";
        foreach ((_, string plugin) in OtherPlugins(content))
        {
            CniPluginVersions.Answer answer = versions.Of(plugin);
            if (!answer.IsKnown) continue;
            string[] refused = [.. CniConflist.VersionsIn(content).Except(answer.Versions)];
            if (refused.Length > 0)
                problems.Add(
                    $"{Own} offers version {string.Join(", ", refused)} of CNI, which {plugin} refuses (it knows "
                    + $"{string.Join(", ", answer.Versions)}): container runtimes take the highest, so no pod starts "
                    + $"and the node may stay NotReady; {mend}");
        }

        return problems;
    });

    /// <summary>The plugins of our chain that say they are not well, in a sentence each.</summary>
    /// <param name="versions">Asks the plugins for their versions.</param>
    /// <param name="status">Asks those that know the question.</param>
    public IReadOnlyList<string> Unwell(CniPluginVersions versions, CniChainStatus status) => Look(static _ => [], () =>
    {
        if (NodeFile.TryRead(Own) is not { } content
            || !CniConflist.VersionsIn(content).Contains(CniChainStatus.Since)) return [];
        List<string> unwell = [];
        foreach ((string type, string plugin) in OtherPlugins(content))
        {
            if (!versions.Of(plugin).Versions.Contains(CniChainStatus.Since)) continue;
            if (CniConflist.ConfigurationOf(content, type, CniChainStatus.Since) is { } question
                && status.FaultOf(plugin, question) is { } fault)
                unwell.Add(
                    $"{plugin}, which {Own} calls behind overlay, fails the command STATUS when overlayd calls it "
                    + $"({fault}): where it fails for the container runtime too, the node stays NotReady");
        }

        return unwell;
    });

    // Those of the list that are here, with their programs: in a pod the host's are not.
    private IEnumerable<(string Type, string Program)> OtherPlugins(byte[] content) => CniConflist.TypesIn(content)
        .Where(static type => type != CniConflist.PluginType)
        .Select(type => (type, Path.Combine(options.BinDirectory, Path.GetFileName(type))))
        .Where(static plugin => File.Exists(plugin.Item2));

    // Pods that flannel's plugin made stay reachable: it reads the same subnet.env and uses the same bridge.
    private static string Advice(string path) => Path.GetFileName(path).Contains("flannel", StringComparison.Ordinal)
        ? $"when flannel has left this node: rm {path}"
        : $"where overlay is to be this node's network: rm {path}";

    private IReadOnlyList<string> Look(
        Func<string, IReadOnlyList<string>> unreadable, Func<IReadOnlyList<string>> look)
    {
        try
        {
            return look();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return unreadable($"{options.ConfigDirectory} cannot be read: {exception.Message}");
        }
    }
}

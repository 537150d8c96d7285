using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Files;
using Overlay.Host.Programs;

namespace Overlay.Daemon.CniInstall;

/// <summary>Puts the plugin and its configuration where container runtimes look, and takes them away.</summary>
/// <remarks>
/// The plugin comes first and goes last, so no configuration names a missing plugin. Both are renamed into place, for
/// runtimes watch for renames, and a plugin that runs goes on. For one thread at a time.
/// </remarks>
internal sealed class CniInstaller(CniInstallOptions options, ILogger logger)
{
    private const UnixFileMode ConfigMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode PluginMode =
        ConfigMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const int MostOfPlugin = 128 * 1024 * 1024;

    private readonly CniConfigurations _configurations = new(options);
    private readonly CniPluginVersions _versions = new();
    private readonly CniChainStatus _status = new();
    private string _said = "";

    private string Plugin => Path.Combine(options.BinDirectory, CniConflist.PluginType);

    private string Loopback => Path.Combine(options.BinDirectory, "loopback");

    private string Portmap => Path.Combine(options.BinDirectory, CniConflist.PortmapType);

    /// <summary>
    /// Writes each file that is missing or differs, and logs it. A configuration that somebody has changed stays.
    /// </summary>
    /// <exception cref="IOException">
    /// A file or directory cannot be written, or the source not be read, or the source does not start.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public void Install()
    {
        WritePlugin();
        if (!_configurations.IsOthers) WriteConflist(FindChain());
        else SayOnce("changed", () => logger.ConfigurationKept(_configurations.Own));
    }

    /// <summary>
    /// Puts the plugin where a configuration calls it, in the place of an older one. The configuration stays as it is,
    /// but for versions that a plugin in it does not speak.
    /// </summary>
    /// <inheritdoc cref="Install" path="/exception"/>
    public void Upgrade()
    {
        if (_configurations.Callers().Count == 0) return;
        WritePlugin();
        if (_configurations.Chain is { } chain && chain.HasPortmap == File.Exists(Portmap)) WriteConflist(FindChain());
    }

    /// <summary>
    /// Removes both, of any version. A configuration that was written or changed by hand stays with the plugin that it
    /// calls, and is logged.
    /// </summary>
    /// <returns>Whether both are gone.</returns>
    /// <inheritdoc cref="Install" path="/exception"/>
    public bool Remove()
    {
        if (_configurations.Chain is not null) Delete(_configurations.Own);
        IReadOnlyList<string> callers = _configurations.Callers();
        foreach (string caller in callers) logger.ConfigurationStays(caller, Plugin, $"rm {caller} {Plugin}");
        if (callers.Count > 0) return false;

        // Pods of another network need a loopback as ours did, and this node has no other.
        byte[]? plugin = NodeFile.TryRead(Plugin, MostOfPlugin);
        if (plugin is not null && _configurations.All().Count == 0 && IsSame(Loopback, plugin)) Delete(Loopback);
        if (plugin is not null) Delete(Plugin);
        return true;
    }

    /// <summary>Logs <see cref="Warnings"/> and <see cref="Problems"/>.</summary>
    public void Warn()
    {
        foreach (string warning in Warnings().Concat(Problems())) logger.RivalFound(warning);
    }

    /// <summary>Pods of this node are the plugin's: a configuration calls it, or it has made some.</summary>
    public bool IsCalled => _configurations.IsCalled();

    /// <summary>The reasons why new pods are not ours, each with what to do.</summary>
    public IReadOnlyList<string> Warnings() => _configurations.Warnings();

    /// <summary>The reasons why no new pod starts, each with what to do.</summary>
    public IReadOnlyList<string> Problems() => _configurations.Problems(_versions);

    /// <summary>The other plugins of the chain that say they are not well.</summary>
    public IReadOnlyList<string> Unwell() => _configurations.Unwell(_versions, _status);

    private CniChain FindChain()
    {
        if (!File.Exists(Portmap) || (File.GetUnixFileMode(Portmap) & UnixFileMode.UserExecute) == 0)
        {
            SayOnce("missing", () => logger.PortmapMissing(options.BinDirectory));
            return CniChain.WithoutPortmap;
        }

        CniPluginVersions.Answer answer = _versions.Of(Portmap);
        if (!answer.IsKnown)
        {
            SayOnce(answer.Fault, () => logger.PortmapSilent(Portmap, answer.Fault));
            return CniChain.WithSilentPortmap;
        }

        if (CniChain.With(answer.Versions) is { } chain) return chain;
        string versions = string.Join(", ", answer.Versions);
        SayOnce(versions, () => logger.PortmapForeign(Portmap, versions));
        return CniChain.WithoutPortmap;
    }

    private void SayOnce(string what, Action log)
    {
        if (_said == what) return;
        _said = what;
        log();
    }

    private void WriteConflist(CniChain chain) =>
        _ = Write(_configurations.Own, CniConflist.Format(options, chain), ConfigMode);

    // A plugin that does not start would fail every pod.
    private void WritePlugin()
    {
        byte[] plugin = BoundedFile.Read(options.Source, MostOfPlugin, "a plugin");
        if (!IsSame(Plugin, plugin))
        {
            try
            {
                _ = HostTool.Run(options.Source, "", "--version");
            }
            catch (IOException exception)
            {
                throw new IOException(
                    $"Overlay:CniInstall:Source '{options.Source}' does not start here, and is not installed "
                    + $"({exception.Message}); "
                    + "it has to be a whole one, for this machine's architecture; example: "
                    + "/usr/local/lib/overlay/overlay",
                    exception);
            }
        }

        // Before the plugin, by whose content ours is known again. A copy, for whoever copies a loopback there would
        // write through a link.
        if (IsOursToWrite(Loopback, plugin)) _ = Write(Loopback, plugin, PluginMode);
        _ = Write(Plugin, plugin, PluginMode);
    }

    private bool IsOursToWrite(string path, byte[] plugin) => new FileInfo(path).LinkTarget is null
        && (!File.Exists(path) || IsSame(path, plugin)
            || (NodeFile.TryRead(Plugin, MostOfPlugin) is { } installed && IsSame(path, installed)));

    /// <returns>False where it was so already.</returns>
    private bool Write(string path, byte[] content, UnixFileMode mode)
    {
        if (IsSame(path, content) && File.GetUnixFileMode(path) == mode) return false;
        AtomicFile.Write(path, content, mode);
        logger.Installed(path);
        return true;
    }

    private void Delete(string path)
    {
        File.Delete(path);
        logger.Removed(path);
    }

    private static bool IsSame(string path, byte[] content) =>
        new FileInfo(path) is { Exists: true } file && file.Length == content.Length
            && NodeFile.TryRead(path, MostOfPlugin) is { } there && there.AsSpan().SequenceEqual(content);
}

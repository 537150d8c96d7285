using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Files;
using Overlay.Host.Programs;

namespace Overlay.Daemon.CniInstall;

/// <summary>Puts the plugin and its configuration where container runtimes look, and takes them away.</summary>
/// <remarks>
/// The plugin comes first and goes last, so no configuration names a missing plugin. Both are renamed into place, for
/// runtimes watch for renames, and a plugin that runs goes on.
/// </remarks>
internal sealed class CniInstaller(CniInstallOptions options, ILogger logger)
{
    private const UnixFileMode ConfigMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode PluginMode =
        ConfigMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private string Plugin => Path.Combine(options.BinDirectory, "overlay");

    private string Conflist => Path.Combine(options.ConfigDirectory, CniConflist.FileName);

    /// <summary>Writes each file that is missing or differs, and logs it.</summary>
    /// <exception cref="IOException">
    /// A file or directory cannot be written, or the source not be read, or the source does not start.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public void Install()
    {
        WritePlugin();
        if (Write(Conflist, CniConflist.Format(options, HasPortmap), ConfigMode) && !HasPortmap)
            logger.PortmapMissing(options.BinDirectory);
    }

    /// <summary>
    /// Puts the plugin where a configuration calls it, in the place of an older one. The configuration stays as it is.
    /// </summary>
    /// <inheritdoc cref="Install" path="/exception"/>
    public void Upgrade()
    {
        if (Callers().Count > 0) WritePlugin();
    }

    /// <summary>
    /// Removes both, of any version. A configuration that was written or changed by hand stays with the plugin that it
    /// calls, and is logged.
    /// </summary>
    /// <returns>Whether both are gone.</returns>
    /// <inheritdoc cref="Install" path="/exception"/>
    public bool Remove()
    {
        if (File.Exists(Conflist) && CniConflist.IsOurs(File.ReadAllBytes(Conflist), options)) Delete(Conflist);
        IReadOnlyList<string> callers = Callers();
        foreach (string caller in callers) logger.ConfigurationStays(caller, Plugin, $"rm {caller} {Plugin}");

        if (callers.Count == 0 && File.Exists(Plugin)) Delete(Plugin);
        return callers.Count == 0;
    }

    /// <summary>Logs <see cref="Rivals"/>.</summary>
    public void WarnOfRivals()
    {
        foreach (string rival in Rivals()) logger.RivalFound(rival);
    }

    /// <summary>
    /// Configurations that runtimes find before ours, each with what to do. None where the directory cannot be read.
    /// </summary>
    public IReadOnlyList<string> Rivals()
    {
        try
        {
            return
            [
                .. Configurations()
                    .Where(static path => string.CompareOrdinal(Path.GetFileName(path), CniConflist.FileName) < 0)
                    .Order(StringComparer.Ordinal)
                    .Select(
                        path =>
                            $"{path} sorts before {CniConflist.FileName}, so container runtimes make new pods by it "
                            + $"and not by overlay; {Advice(path)}"),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [$"{options.ConfigDirectory} cannot be read: {exception.Message}"];
        }
    }

    // Pods that flannel's plugin made stay reachable: it reads the same subnet.env and uses the same bridge.
    private static string Advice(string path) => Path.GetFileName(path).Contains("flannel", StringComparison.Ordinal)
        ? $"when flannel has left this node: rm {path}"
        : $"where overlay is to be this node's network: rm {path}";

    private bool HasPortmap => File.Exists(Path.Combine(options.BinDirectory, "portmap"));

    // A file with our name that does not parse may be in the middle of a change.
    private IReadOnlyList<string> Callers() => !Directory.Exists(options.ConfigDirectory)
        ? []
        : [.. Configurations().Where(path => path == Conflist || CniConflist.CallsPlugin(File.ReadAllBytes(path)))
            .Order(StringComparer.Ordinal)];

    private IEnumerable<string> Configurations() =>
        Directory.EnumerateFiles(options.ConfigDirectory)
            .Where(static path => Path.GetExtension(path) is ".conf" or ".conflist" or ".json");

    // A plugin that does not start would fail every pod.
    private void WritePlugin()
    {
        byte[] plugin = File.ReadAllBytes(options.Source);
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

        _ = Write(Plugin, plugin, PluginMode);
    }

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
        File.Exists(path)
            && new FileInfo(path).Length == content.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);
}

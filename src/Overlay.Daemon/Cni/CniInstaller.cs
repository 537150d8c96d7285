using Microsoft.Extensions.Logging;
using Overlay.ControlPlane;

namespace Overlay.Daemon;

/// <summary>Puts the plugin and its configuration where container runtimes look, and takes them away.</summary>
/// <remarks>
/// The plugin comes first and goes last, so no runtime reads of one that is not there; both are renamed into place, which is
/// what runtimes watch for, and what lets a plugin that runs go on.
/// </remarks>
internal sealed class CniInstaller(CniInstallOptions options, ILogger logger)
{
    private const UnixFileMode ConfigMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode PluginMode = ConfigMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private string Plugin => Path.Combine(options.BinDirectory, "overlay");

    private string Conflist => Path.Combine(options.ConfigDirectory, CniConflist.FileName);

    /// <summary>Writes what is missing or other than it is to be; says so.</summary>
    /// <exception cref="IOException">A file or directory cannot be written, or the source not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public void Install()
    {
        _ = Write(Plugin, File.ReadAllBytes(options.Source), PluginMode);
        if (Write(Conflist, Wanted(), ConfigMode) && !HasPortmap)
            logger.LogWarning("{Directory} has no portmap, so pods' host ports are not published; with it there, install again", options.BinDirectory);
    }

    /// <summary>Removes both where they are as they were installed; a configuration that somebody has changed is left with its plugin, and said.</summary>
    /// <inheritdoc cref="Install" path="/exception"/>
    public void Remove()
    {
        if (RemoveOurs(Conflist, Wanted())) _ = RemoveOurs(Plugin, File.Exists(Plugin) ? File.ReadAllBytes(options.Source) : []);
    }

    /// <summary>Logs <see cref="Rivals"/>.</summary>
    public void WarnOfRivals()
    {
        foreach (string rival in Rivals()) logger.LogWarning("{Rival}", rival);
    }

    /// <summary>Configurations that runtimes find before ours, each with what to do. None where the directory cannot be read.</summary>
    public IReadOnlyList<string> Rivals()
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(options.ConfigDirectory)
                    .Where(static path => Path.GetExtension(path) is ".conf" or ".conflist" or ".json")
                    .Where(static path => string.CompareOrdinal(Path.GetFileName(path), CniConflist.FileName) < 0)
                    .Order(StringComparer.Ordinal)
                    .Select(path => $"{path} sorts before {CniConflist.FileName}, so container runtimes make new pods by it and not by overlay; {Advice(path)}"),
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

    private byte[] Wanted() => CniConflist.Format(options, HasPortmap);

    /// <returns>False where it was so already.</returns>
    private bool Write(string path, byte[] content, UnixFileMode mode)
    {
        if (IsSame(path, content) && File.GetUnixFileMode(path) == mode) return false;
        AtomicFile.Write(path, content, mode);
        logger.LogInformation("{Path} is installed", path);
        return true;
    }

    /// <returns>Whether it is gone.</returns>
    private bool RemoveOurs(string path, byte[] content)
    {
        if (!File.Exists(path)) return true;
        if (!IsSame(path, content))
        {
            logger.LogWarning("{Path} is not as it was installed, and is left alone", path);
            return false;
        }

        File.Delete(path);
        logger.LogInformation("{Path} is removed", path);
        return true;
    }

    private static bool IsSame(string path, byte[] content) =>
        File.Exists(path) && new FileInfo(path).Length == content.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);
}

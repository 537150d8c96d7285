using Overlay.Host.Files;

namespace Overlay.Daemon.Flannel;

/// <summary>
/// overlayd in the place of flannel's <c>install-conf</c>, which an init container of flannel's DaemonSet runs before
/// flanneld: it copies the CNI configuration of the ConfigMap into the runtime's directory.
/// </summary>
/// <remarks>Source: flannel, cmd/install_conf/main.go and CopyFileAtomic in pkg/utils/utils.go.</remarks>
internal static class FlannelInstallConf
{
    /// <summary>The program's name in flannel's image.</summary>
    public const string Program = "install-conf";

    /// <summary>Copies a file at once, with its permissions; the runtime never reads a part.</summary>
    /// <param name="arguments">The source and the destination, a file.</param>
    /// <exception cref="IOException">
    /// The arguments are others, the source cannot be read, or the destination cannot be written.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static void Run(string[] arguments)
    {
        if (arguments is not [string source, string destination])
        {
            throw new IOException(
                $"{Program} takes a source and a destination, as {Program} /etc/kube-flannel/cni-conf.json "
                + $"/etc/cni/net.d/10-flannel.conflist, and not {arguments.Length} arguments");
        }

        if (Directory.Exists(destination))
            throw new IOException($"{Program}: {destination} is a directory; name the file, as {Example(destination)}");

        // By the open file: a ConfigMap's files are links.
        using FileStream file = File.OpenRead(source);
        byte[] content = new byte[file.Length];
        file.ReadExactly(content);
        AtomicFile.Write(destination, content, File.GetUnixFileMode(file.SafeFileHandle));
    }

    private static string Example(string directory) => Path.Combine(directory, "10-flannel.conflist");
}

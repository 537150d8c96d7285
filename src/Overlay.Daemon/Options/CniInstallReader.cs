using Overlay.Pods.Attachments;

namespace Overlay.Daemon.Options;

/// <summary>Reads section CniInstall.</summary>
internal static class CniInstallReader
{
    private const string PluginName = "overlay";
    private const string SourceExample = "/usr/local/lib/overlay/overlay";

    public static CniInstallOptions Read(SectionReader section, string subnetFile, string adminSocket)
    {
        CniInstallOptions options = new()
        {
            Enabled = section.Boolean(
                "Enabled", false,
                "Once ready, the daemon installs the CNI plugin and 10-overlay.conflist, and puts back what goes "
                + "missing. "
                + "It needs write access to both directories."),
            BinDirectory =
                section.DirectoryPath("BinDirectory", "/opt/cni/bin", "Where container runtimes look for plugins."),
            ConfigDirectory = section.DirectoryPath(
                "ConfigDirectory", "/etc/cni/net.d",
                "Where container runtimes look for configurations, of which they take the first by name."),
            Source = section.FilePath(
                "Source", Path.Combine(AppContext.BaseDirectory, PluginName), "The plugin to copy.",
                "overlay beside overlayd", SourceExample),
            RemoveAtStop = section.Boolean(
                "RemoveAtStop", false,
                "A stop removes plugin and configuration again. Without it a restart leaves the node ready for pods."),
            SubnetFile = subnetFile,
            StateDirectory = section.DirectoryPath(
                "StateDirectory", AttachmentRecords.DefaultDirectory,
                "The plugin's records of pods, which are root's. By them the daemon frees the addresses that pods "
                + "have left behind."),
            AdminSocket = adminSocket,
        };
        section.RefuseUnknown();
        if (options.Enabled && !File.Exists(options.Source))
            section.Fault("Source", options.Source, "does not exist, or is no file", SourceExample);
        if (Path.GetDirectoryName(options.Source) == options.BinDirectory.TrimEnd('/')
            && Path.GetFileName(options.Source) == PluginName)
            section.Fault("Source", options.Source,
                "is what is written in Overlay:CniInstall:BinDirectory, so it cannot be the source", SourceExample);
        return options;
    }
}

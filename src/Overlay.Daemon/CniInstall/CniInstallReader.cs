using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Host.Files;
using Overlay.Pods.Attachments;

namespace Overlay.Daemon.CniInstall;

/// <summary>Reads section CniInstall.</summary>
internal static class CniInstallReader
{
    private const string PluginName = "overlay";

    public static CniInstallOptions Read(SectionReader section, string subnetFile, string adminSocket)
    {
        CniInstallOptions options = new()
        {
            Enabled = section.Boolean("Enabled", false),
            BinDirectory = section.DirectoryPath("BinDirectory", "/opt/cni/bin"),
            ConfigDirectory = section.DirectoryPath("ConfigDirectory", "/etc/cni/net.d"),
            Source = section.FilePath("Source", Path.Combine(AppContext.BaseDirectory, PluginName)),
            RemoveAtStop = section.Boolean("RemoveAtStop", false),
            SubnetFile = subnetFile,
            StateDirectory = section.DirectoryPath("StateDirectory", AttachmentRecords.DefaultDirectory),
            AdminSocket = adminSocket,
        };
        section.RefuseUnknown();
        if (options.Enabled && !File.Exists(options.Source))
            section.Fault("Source", options.Source, "does not exist, or is no file", "/usr/local/lib/overlay/overlay");
        if (Path.GetDirectoryName(options.Source) == options.BinDirectory.TrimEnd('/') && Path.GetFileName(options.Source) == PluginName)
            section.Fault("Source", options.Source, "is what is written in Overlay:CniInstall:BinDirectory, so it cannot be the source", "/usr/local/lib/overlay/overlay");
        return options;
    }
}

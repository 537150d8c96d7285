using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Pods.Attachments;

namespace Overlay.Daemon.CniInstall;

/// <summary>Frees the addresses of pods that are gone and that no runtime has deleted: containerd never asks for that.</summary>
/// <remarks>A few minutes old they must be, for a pod that is being made has its address before its interface.</remarks>
internal sealed class LeakedAddressSweep(CniInstallOptions options, ILogger logger)
{
    /// <summary>How often it is worth a look, and how old an attachment must be.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private readonly AttachmentRecords _records = new(options.StateDirectory);
    private readonly HashSet<string> _told = [];

    /// <summary>Says what it has freed, and each problem once.</summary>
    public void Run()
    {
        List<string> problems = [];
        try
        {
            // One by one: a list of all may lack some where interfaces come and go, and an address that is in use would be given away.
            using RouteNetlink netlink = new();
            foreach (AttachmentRecord record in new AttachmentReconciler(_records, name => netlink.FindLink(name) is not null).Reconcile(Interval, problems))
                logger.LogWarning("{Interface} of container {Container} is gone, and nobody has deleted it: its addresses are free again", record.InterfaceName, record.ContainerId);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add(exception.Message);
        }

        // Each once: what cannot be read stays so.
        foreach (string problem in problems.Where(_told.Add)) logger.LogWarning("{Problem}", problem);
    }
}

using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Pods.Attachments;

namespace Overlay.Daemon.CniInstall;

/// <summary>
/// Frees the addresses of pods that are gone and that no runtime has deleted: containerd never asks for that.
/// </summary>
/// <remarks>
/// Attachments must be a few minutes old, for a pod that is being made has its address before its interface.
/// </remarks>
internal sealed class LeakedAddressSweep(CniInstallOptions options, ILogger logger)
{
    /// <summary>How often it is worth a look, and how old an attachment must be.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private readonly AttachmentRecords _records = new(options.StateDirectory);

    /// <summary>Logs each attachment whose addresses it frees.</summary>
    /// <returns>A sentence for each record or address that stays for another reason.</returns>
    public IReadOnlyList<string> Run()
    {
        List<string> problems = [];
        try
        {
            // Each interface is asked for by itself: a list of all interfaces may lack some while others come and go,
            // and an address in use would be given away.
            using RouteNetlink netlink = new();
            AttachmentReconciler reconciler = new(_records, name => netlink.FindLink(name) is not null);
            foreach (AttachmentRecord record in reconciler.Reconcile(Interval, problems))
                logger.AddressesFreed(record.InterfaceName, record.ContainerId);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add(exception.Message);
        }

        return problems;
    }
}

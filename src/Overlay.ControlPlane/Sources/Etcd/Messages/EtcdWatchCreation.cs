namespace Overlay.ControlPlane.Sources.Etcd.Messages;

/// <summary>What to watch, and from which revision on.</summary>
internal sealed record EtcdWatchCreation(byte[] Key, byte[] RangeEnd, long StartRevision, bool ProgressNotify);

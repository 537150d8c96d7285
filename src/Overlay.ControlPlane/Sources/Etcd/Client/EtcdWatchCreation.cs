namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>What to watch, and from which revision on.</summary>
internal sealed record EtcdWatchCreation(byte[] Key, byte[] RangeEnd, long StartRevision, bool ProgressNotify);

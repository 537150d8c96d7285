using System.Runtime.CompilerServices;

// Every native call takes blittable arguments only, so none pays for marshalling.
[assembly: DisableRuntimeMarshalling]

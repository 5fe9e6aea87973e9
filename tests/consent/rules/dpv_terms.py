"""The DPV 2.3 terms that receipts use besides purposes and personal data: pinned, so that a new one is looked up first.

Looked up in the data files of DPV 2.3 (dpv.csv, eu-gdpr.csv) before it was written here.
"""

_DPV = """
AlgorithmicLogic AutomatedDecisionMaking Collect Consequence ConsentExpired ConsentGiven ConsentInvalidated
ConsentNotice ConsentReceipt ConsentRecord ConsentRefused ConsentRequestDeferred ConsentRequested ConsentRevoked
ConsentStatusInvalidForProcessing ConsentUnknown
ConsentWithdrawn ContractPerformance DataController DataProcessor DataProtectionAuthority
DataProtectionOfficer DataSource DataSubject DataSubjectRight Entity ExplicitlyExpressedConsent ExpressedConsent
GuardianOfDataSubject LegalObligation LegitimateInterest Optional Permission PersonalData PrivacyNotice Process
PublicInterest Purpose Recipient RenewedConsentGiven Representative Required RightExerciseActivity
SensitivePersonalData Service Share SpecialCategoryPersonalData StorageDuration StorageLocation Store TemporalDuration
ThirdParty UntilEventDuration UntilTimeDuration Use VitalInterest WithdrawConsent hasAddress hasAlgorithmicLogic
hasAuthority hasConsentControl hasConsentStatus hasConsequence hasContact hasContext hasDataController
hasDataProtectionOfficer hasDataSource hasDataSubject hasDuration hasIdentifier hasIndicationMethod hasJurisdiction
hasLegalBasis hasLocation hasName hasNecessity hasNotice hasPersonalData hasProcess hasProcessing hasPurpose
hasRecipient hasRecordOfActivity hasRight hasRule hasService hasStorageCondition isExercisedAt isImplementedByEntity
isIndicatedAtTime isIndicatedBy
"""
DPV = set(_DPV.split())
_EU_GDPR = """
A13 A15 A16 A17 A18 A20 A21 A22 A77 A7-3 A9-2-a A6-1-a-explicit-consent A6-1-a-non-explicit-consent A6-1-b A6-1-c
A6-1-d A6-1-e-public-interest A6-1-f
"""
EU_GDPR = set(_EU_GDPR.split())
